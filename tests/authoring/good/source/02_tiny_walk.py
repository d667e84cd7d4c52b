# %% [markdown]
# # A tiny walk

# %%
import numpy as np

# %% [markdown]
# ## Many steps


# %% tags=["exercise:02-walk"]
def walk(w, learning_rate, num_steps):
    """Walk down w * w."""
    ### BEGIN SOLUTION
    for _ in range(num_steps):
        w = w - learning_rate * 2 * w
    ### END SOLUTION
    return w


# %% tags=["exercise:02-rate"]
rate = ...
### BEGIN SOLUTION
rate = 1 / 2
### END SOLUTION

# %%
if rate is not ...:
    print(walk(np.array([1.0, -3.0]), rate, num_steps=1))
