# %% [markdown] slideshow={"slide_type": "slide"}
# # A tiny slope
#
# One step against the slope of $w^2$ makes the loss smaller. The next lesson is
# [a tiny walk](02_tiny_walk.ipynb#Many-steps).
#
# ![A parabola and an arrow that points down](data:image/gif;base64,R0lGODlhAQABAAAAACw=)

# %%
import numpy as np

# %% [markdown]
# Which way is down?

# %% [markdown] slideshow={"slide_type": "notes"}
# Ask the room which way is down before you go on.

# %% [markdown]
# ## Your turn
#
# Write the slope of `w * w`.


# %% tags=["exercise:01-slope", "points:2"]
def slope(w):
    """The slope of w * w."""
    ### BEGIN SOLUTION
    doubled = 2 * w  # the power rule
    return doubled
    ### END SOLUTION


# %%
found = slope(np.array([1.0, -3.0]))
print(found)

# %% [markdown]
# ## Key points
#
# The slope says which way is up.
