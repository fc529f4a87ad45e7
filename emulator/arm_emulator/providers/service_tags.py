"""The service tags that security rules may name.

Witness: the table of the article `service-tags-overview` (reference data section 4 has those that machine learning
needs); batch nodes have regional tags too, which the pages on machine learning write.
"""

from __future__ import annotations

from arm_emulator.regions import NAMES

_PLAIN = """
    ActionGroup AppConfiguration AppServiceManagement ApplicationInsightsAvailability AzureActiveDirectory
    AzureActiveDirectoryDomainServices AzureAdvancedThreatProtection AzureArcInfrastructure AzureAttestation
    AzureBackup AzureBotService AzureCognitiveSearch AzureDataExplorerManagement AzureDatabricks AzureDeviceUpdate
    AzureDigitalTwins AzureEventGrid AzureFrontDoor.Backend AzureFrontDoor.FirstParty AzureFrontDoor.Frontend
    AzureFrontDoor.MicrosoftSecurity AzureHealthcareAPIs AzureInformationProtection AzureLoadBalancer
    AzureMachineLearning AzureMachineLearningInference AzureManagedGrafana AzureMonitor AzureMonitorForSAP
    AzureOpenDatasets AzurePlatformDNS AzurePlatformIMDS AzurePlatformLKM AzureResourceManager AzureSentinel
    AzureSignalR AzureSiteRecovery AzureSpringCloud AzureStack AzureTrafficManager AzureUpdateDelivery
    AzureVideoAnalyzerForMedia ChaosStudio CognitiveServicesManagement DataFactoryManagement
    Dynamics365BusinessCentral Dynamics365ForMarketingEmail EOPExternalPublishedIPs GatewayManager
    GuestAndHybridManagement Internet KustoAnalytics LogicApps LogicAppsManagement M365ManagementActivityApi
    M365ManagementActivityApiWebhook Marketplace MicrosoftAzureFluidRelay MicrosoftCloudAppSecurity
    MicrosoftDefenderForEndpoint OneDsCollector PowerQueryOnline SCCservice SerialConsole StorageMover
    TrafficManager VideoIndexer VirtualDesktop VirtualNetwork WindowsAdminCenter WindowsVirtualDesktop
"""
_REGIONAL = """
    ApiManagement AppService AutonomousDevelopmentPlatform AzureCloud AzureConnectors
    AzureContainerAppsService AzureContainerRegistry AzureCosmosDB AzureDevOps AzureIoTHub AzureKeyVault
    AzureSphere AzureWebPubSub BatchNodeManagement CognitiveServicesFrontend DataFactory EventHub HDInsight
    MicrosoftContainerRegistry PowerBI PowerPlatformInfra PowerPlatformPlex Scuba ServiceBus ServiceFabric Sql
    SqlManagement Storage StorageSyncService
"""

PLAIN = frozenset(_PLAIN.lower().split())
"""Tags that stand for the whole cloud, in lower case."""

REGIONAL = frozenset(_REGIONAL.lower().split())
"""Tags that may be followed by a region, `Storage.WestEurope`, and mean all regions without one."""


def exists(text: str) -> bool:
    """Whether a text is a service tag; the case of letters does not matter (conflict C15 of the rules)."""
    name = text.lower()
    if name in PLAIN or name in REGIONAL:
        return True
    tag, _, region = name.rpartition(".")
    return tag in REGIONAL and region in NAMES
