// The colours that a reader chose, before anything is drawn.
try {
  const theme = localStorage.getItem("optcourse:theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* the system's theme then */ }
