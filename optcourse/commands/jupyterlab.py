"""JupyterLab itself, in the process that `optcourse lab` starts or becomes."""

import sys

from optcourse.place import spare_grammars

if __name__ == "__main__":
    spare_grammars()
    from jupyterlab.labapp import main

    sys.exit(main())
