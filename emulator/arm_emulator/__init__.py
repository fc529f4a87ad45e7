"""An HTTPS stand-in for Azure Resource Manager and Entra ID. It knows nothing of the operator."""
