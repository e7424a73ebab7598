"""The forms of the corpus, by number, and what each twin is worth.

The files in right/ and wrong/ are written as users write them. A right twin conforms with the
flags of `Form.declare`; a wrong twin has one mistake.
"""

from pathlib import Path

from tests.forms.form import Form
from tests.forms.functions import FUNCTIONS
from tests.forms.numpy_classes import NUMPY_CLASSES
from tests.forms.torch_modules import TORCH_MODULES

RIGHT = Path(__file__).parent / "right"
WRONG = Path(__file__).parent / "wrong"

FORMS: tuple[Form, ...] = tuple(
    sorted((*NUMPY_CLASSES, *TORCH_MODULES, *FUNCTIONS), key=lambda form: form.number)
)
