"""Live figures: controls, a scene and a run; one module a lesson."""
