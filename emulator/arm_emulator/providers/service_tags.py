"""The service tags that security rules may name.

Witness: reference data section 4, which is the table of the article `service-tags-overview`; batch nodes have
regional tags too, which the pages on machine learning write.
"""

from __future__ import annotations

from arm_emulator.regions import NAMES

PLAIN = frozenset(
    {
        "actiongroup",
        "apimanagement",
        "appconfiguration",
        "applicationinsightsavailability",
        "autonomousdevelopmentplatform",
        "azureactivedirectory",
        "azureactivedirectorydomainservices",
        "azureadvancedthreatprotection",
        "azurearcinfrastructure",
        "azureattestation",
        "azurebackup",
        "azurebotservice",
        "azurecognitivesearch",
        "azuredatalake",
        "azuredatabricks",
        "azuredataexplorermanagement",
        "azuredeviceupdate",
        "azuredevspaces",
        "azuredevops",
        "azuredigitaltwins",
        "azureeventgrid",
        "azurefrontdoor.backend",
        "azurefrontdoor.firstparty",
        "azurefrontdoor.frontend",
        "azureinformationprotection",
        "azureiothub",
        "azureloadbalancer",
        "azuremachinelearning",
        "azuremonitor",
        "azureopendatasets",
        "azureplatformdns",
        "azureplatformimds",
        "azureplatformlkm",
        "azureportal",
        "azureresourcemanager",
        "azuresignalr",
        "azuresiterecovery",
        "azuresphere",
        "azurestack",
        "azuretrafficmanager",
        "azureupdatedelivery",
        "batchnodemanagement",
        "chaosstudio",
        "cognitiveservicesfrontend",
        "cognitiveservicesmanagement",
        "datafactorymanagement",
        "dynamics365formarketingemail",
        "gatewaymanager",
        "guestandhybridmanagement",
        "hdinsight",
        "internet",
        "logicapps",
        "logicappsmanagement",
        "m365managementactivityapi",
        "m365managementactivityapiwebhook",
        "microsoftazurefluidrelay",
        "microsoftcloudappsecurity",
        "microsoftdefenderforendpoint",
        "powerbi",
        "powerplatforminfra",
        "powerplatformplex",
        "powerqueryonline",
        "scuba",
        "serialconsole",
        "servicefabric",
        "sqlmanagement",
        "virtualdesktop",
        "virtualnetwork",
        "windowsadmincenter",
        "windowsvirtualdesktop",
    }
)
"""Tags that stand for the whole cloud, in lower case."""

REGIONAL = frozenset(
    {
        "appservice",
        "appservicemanagement",
        "azureappconfiguration",
        "azurecloud",
        "azureconnectors",
        "azurecontainerappsservice",
        "azurecontainerregistry",
        "azurecosmosdb",
        "azurekeyvault",
        "batchnodemanagement",
        "datafactory",
        "eventhub",
        "hdinsight",
        "logicapps",
        "microsoftcontainerregistry",
        "powerplatforminfra",
        "servicebus",
        "servicefabric",
        "sql",
        "sqlmanagement",
        "storage",
        "storagesyncservice",
    }
)
"""Tags that may be followed by a region, `Storage.WestEurope`, and mean all regions without one."""


def exists(text: str) -> bool:
    """Whether a text is a service tag; the case of letters does not matter (conflict C15 of the rules)."""
    name = text.lower()
    if name in PLAIN or name in REGIONAL:
        return True
    tag, _, region = name.rpartition(".")
    return tag in REGIONAL and region in NAMES
