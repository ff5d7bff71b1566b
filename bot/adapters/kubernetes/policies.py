"""What our own admission policies say, in words for people; deploy/kubernetes/base/policies.yaml says it to the API.

Of any other policy, and of what an API error says beside this, nothing is shown: it may echo the object.
"""

import re

_NAMED = re.compile(r"ValidatingAdmissionPolicy '([\w.-]+)'")
_OVERTAKEN = re.compile(r"it carries epoch (\d+), this change carries epoch (\d+)")
_LIFTED = "an administrator can make that change, or annotate the Deployment with opsbot.dev/template=any"
_NAMED_THERE = "an administrator can add it there"
RULES = {
    "labels or fields of the pod that opsbot leaves as they are": (
        f"its pods would get other labels, or a field such as a ServiceAccount or a security context; {_LIFTED}"
    ),
    "a volume that is no ConfigMap and no empty folder": (
        f"its pods would get a volume that they do not have now; {_LIFTED}"
    ),
    "an image of another repository": f"its pods would run an image of another repository; {_LIFTED}",
    "privileges, or a field that opsbot does not know": (
        f"a container would get privileges that none of it has now; {_LIFTED}"
    ),
    "a Secret in its environment": f"its pods would get a Secret that they do not have now; {_LIFTED}",
    "opsbot-limits names no such image": f"the ConfigMap opsbot-limits does not name its image; {_NAMED_THERE}",
    "opsbot-limits names no such Secret": f"the ConfigMap opsbot-limits does not name its Secret; {_NAMED_THERE}",
}
"""What a policy of ours says, and what a person reads of it."""


def policy_in(message: str) -> str:
    """The admission policy that an API error names; "" where it names none."""
    found = _NAMED.search(message)
    return found[1] if found else ""


def rule_in(message: str) -> str:
    """Which rule of ours was broken and what to do, as a clause; "" where it is none that people can mend."""
    return next((told for said, told in RULES.items() if said in message), "")


def overtaken_in(message: str) -> tuple[int, int] | None:
    """The epoch that stands there and the lower one that was refused, where that is what our policy says."""
    found = _OVERTAKEN.search(message) if policy_in(message) else None
    return (int(found[1]), int(found[2])) if found else None
