/**
 * Vocabularies and enumerations: STIX 2.1 section 10. A value outside an open vocabulary (`-ov`) is
 * a warning, one outside an enumeration is an error.
 */

const list = (words: string): readonly string[] => words.split(/\s+/).filter(Boolean);

const ATTACK_MOTIVATION = list(`accidental coercion dominance ideology notoriety
  organizational-gain personal-gain personal-satisfaction revenge unpredictable`);
const ATTACK_RESOURCE_LEVEL = list('individual club contest team organization government');
const INDUSTRY_SECTOR = list(`agriculture aerospace automotive chemical commercial communications
  construction defense education energy entertainment financial-services government
  emergency-services government-local government-national government-public-services
  government-regional healthcare hospitality-leisure infrastructure dams nuclear water insurance
  legal manufacturing mining non-profit pharmaceuticals retail technology telecommunications
  transportation utilities`);
const REGION = list(`africa eastern-africa middle-africa northern-africa southern-africa
  western-africa americas latin-america-caribbean south-america caribbean central-america
  northern-america asia central-asia eastern-asia southern-asia south-eastern-asia western-asia
  europe eastern-europe northern-europe southern-europe western-europe oceania
  australia-new-zealand melanesia micronesia polynesia antarctica`);
const MALWARE_CAPABILITY = list(`accesses-remote-machines anti-debugging anti-disassembly
  anti-emulation anti-memory-forensics anti-sandbox anti-vm captures-input-peripherals
  captures-output-peripherals captures-system-state-data cleans-traces-of-infection commits-fraud
  communicates-with-c2 compromises-data-availability compromises-data-integrity
  compromises-system-availability controls-local-machine degrades-security-software
  degrades-system-updates determines-c2-server emails-spam escalates-privileges evades-av
  exfiltrates-data fingerprints-host hides-artifacts hides-executing-code infects-files
  infects-remote-machines installs-other-components persists-after-system-reboot
  prevents-artifact-access prevents-artifact-deletion probes-network-environment self-modifies
  steals-authentication-credentials violates-system-operational-integrity`);

/** Section 10.10; also what the labels of STIX 2.0 indicators were to come from. */
const INDICATOR_TYPE = list(
  'anomalous-activity anonymization benign compromised malicious-activity attribution unknown',
);
/** Section 10.15. */
const MALWARE_TYPE = list(`adware backdoor bot bootkit ddos downloader dropper exploit-kit
  keylogger ransomware remote-access-trojan resource-exploitation rogue-security-software rootkit
  screen-capture spyware trojan unknown virus webshell wiper worm`);
const INFRASTRUCTURE_TYPE = list(`amplification anonymization botnet command-and-control
  control-system exfiltration firewall hosting-malware hosting-target-lists phishing reconnaissance
  routers-switches staging workstation unknown`);
const REPORT_TYPE = list(`attack-pattern campaign identity incident indicator intrusion-set
  malware   observed-data threat-actor threat-report tool vulnerability`);
const THREAT_ACTOR_TYPE = list(`activist competitor crime-syndicate criminal hacker
  insider-accidental insider-disgruntled nation-state private-sector sensationalist spy terrorist unknown`);
const TOOL_TYPE = list(`denial-of-service exploitation information-gathering network-capture
  credential-exploitation remote-access vulnerability-scanning unknown`);

/** The open vocabularies by object type and property. */
export const OPEN_VOCABULARIES: Readonly<
  Record<string, Readonly<Record<string, readonly string[]>>>
> = {
  grouping: { context: list('suspicious-activity malware-analysis unspecified') },
  identity: {
    identity_class: list('individual group system organization class unknown'),
    sectors: INDUSTRY_SECTOR,
  },
  indicator: {
    indicator_types: INDICATOR_TYPE,
    pattern_type: list('stix pcre sigma snort suricata yara'),
  },
  infrastructure: { infrastructure_types: INFRASTRUCTURE_TYPE },
  'intrusion-set': {
    resource_level: ATTACK_RESOURCE_LEVEL,
    primary_motivation: ATTACK_MOTIVATION,
    secondary_motivations: ATTACK_MOTIVATION,
  },
  location: { region: REGION },
  malware: {
    malware_types: MALWARE_TYPE,
    architecture_execution_envs: list('alpha arm ia-64 mips powerpc sparc x86 x86-64'),
    implementation_languages: list(`applescript bash c c++ c# go java javascript lua objective-c
        perl php powershell python ruby rust scala swift typescript visual-basic x86-32 x86-64`),
    capabilities: MALWARE_CAPABILITY,
  },
  'malware-analysis': { result: list('malicious suspicious benign unknown') },
  'marking-definition': { definition_type: list('statement tlp') },
  report: { report_types: REPORT_TYPE },
  'threat-actor': {
    threat_actor_types: THREAT_ACTOR_TYPE,
    roles: list(`agent director independent infrastructure-architect infrastructure-operator
        malware-author sponsor`),
    sophistication: list('none minimal intermediate advanced expert innovator strategic'),
    resource_level: ATTACK_RESOURCE_LEVEL,
    primary_motivation: ATTACK_MOTIVATION,
    secondary_motivations: ATTACK_MOTIVATION,
    personal_motivations: ATTACK_MOTIVATION,
  },
  tool: { tool_types: TOOL_TYPE },
  'user-account': {
    account_type: list(`facebook ldap nis openid radius skype tacacs twitter unix windows-local
        windows-domain kavi`),
  },
};

/** Section 10.7. */
export const HASH_ALGORITHMS = list('MD5 SHA-1 SHA-256 SHA-512 SHA3-256 SHA3-512 SSDEEP TLSH');

/** The enumerations, which nobody may extend. */
export const ENUMERATIONS = {
  encryptionAlgorithm: ['AES-256-GCM', 'ChaCha20-Poly1305', 'mime-type-indicated'],
  extensionType: [
    'new-sdo',
    'new-sco',
    'new-sro',
    'property-extension',
    'toplevel-property-extension',
  ],
  socketAddressFamily: [
    'AF_UNSPEC',
    'AF_INET',
    'AF_IPX',
    'AF_APPLETALK',
    'AF_NETBIOS',
    'AF_INET6',
    'AF_IRDA',
    'AF_BTH',
  ],
  // AF_ISOCK_DGRAMNET is the specification's own slip for SOCK_DGRAM.
  socketType: [
    'SOCK_STREAM',
    'SOCK_DGRAM',
    'AF_ISOCK_DGRAMNET',
    'SOCK_RAW',
    'SOCK_RDM',
    'SOCK_SEQPACKET',
  ],
  opinion: ['strongly-disagree', 'disagree', 'neutral', 'agree', 'strongly-agree'],
  windowsIntegrityLevel: ['low', 'medium', 'high', 'system'],
  windowsRegistryDatatype: [
    'REG_NONE',
    'REG_SZ',
    'REG_EXPAND_SZ',
    'REG_BINARY',
    'REG_DWORD',
    'REG_DWORD_BIG_ENDIAN',
    'REG_DWORD_LITTLE_ENDIAN',
    'REG_LINK',
    'REG_MULTI_SZ',
    'REG_RESOURCE_LIST',
    'REG_FULL_RESOURCE_DESCRIPTION',
    'REG_RESOURCE_REQUIREMENTS_LIST',
    'REG_QWORD',
    'REG_INVALID_TYPE',
  ],
  windowsServiceStart: [
    'SERVICE_AUTO_START',
    'SERVICE_BOOT_START',
    'SERVICE_DEMAND_START',
    'SERVICE_DISABLED',
    'SERVICE_SYSTEM_ALERT',
  ],
  windowsServiceType: [
    'SERVICE_KERNEL_DRIVER',
    'SERVICE_FILE_SYSTEM_DRIVER',
    'SERVICE_WIN32_OWN_PROCESS',
    'SERVICE_WIN32_SHARE_PROCESS',
  ],
  windowsServiceStatus: [
    'SERVICE_CONTINUE_PENDING',
    'SERVICE_PAUSE_PENDING',
    'SERVICE_PAUSED',
    'SERVICE_RUNNING',
    'SERVICE_START_PENDING',
    'SERVICE_STOP_PENDING',
    'SERVICE_STOPPED',
  ],
} as const;
