"""What a client in a virtual network gets for a name, and whether it then reaches the service.

Written from Azure's articles on the DNS of private endpoints, private DNS zones and their links, fall-back to the
internet, peering, and service endpoints. It only looks at the store; routes, security groups and firewalls of
a network are not judged.
"""

from arm_emulator.resolver.names import Resolution, resolve
from arm_emulator.resolver.reaching import Reach, Way, names_of, reach

__all__ = ["Reach", "Resolution", "Way", "names_of", "reach", "resolve"]
