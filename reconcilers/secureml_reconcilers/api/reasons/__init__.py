"""Every reason that a condition or an event can have: true when, who acts, what to do. A leaf.

The words are part of the API: users match them in alerts and scripts, so none is renamed or reused. A new one is
entered in the module of its area, used as `reasons.<NAME>`, and asserted on by a test; `docs/reasons.md` is
written from here.
"""

# One namespace for the constants of all areas; what they are entered into is in `entry`.
from secureml_reconcilers.api.reasons.azure import *  # noqa: F403
from secureml_reconcilers.api.reasons.events import *  # noqa: F403
from secureml_reconcilers.api.reasons.states import *  # noqa: F403
from secureml_reconcilers.api.reasons.workspace import *  # noqa: F403
