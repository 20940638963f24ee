import type { FieldPath } from '../issue/field-path.ts';

/**
 * Fields that are right in Kubernetes, or elsewhere in a manifest, but not where they stand. Telling them from typing errors
 * spares people who bring a file from a cluster a search.
 */
export interface ForeignField {
  message: string;
  code: 'no-use-here' | 'not-supported' | 'misplaced-field';
}

type Level =
  | 'root'
  | 'metadata'
  | 'pod'
  | 'container'
  | 'volume'
  | 'mount'
  | 'probe'
  | 'security'
  | 'resources'
  | 'env'
  | 'claim';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** What places, counts or protects Pods within a cluster. */
const NO_USE: Readonly<Partial<Record<Level, ReadonlySet<string>>>> = {
  metadata: words('deletionGracePeriodSeconds finalizers generateName'),
  pod: words(`affinity automountServiceAccountToken enableServiceLinks nodeName nodeSelector os overhead preemptionPolicy
    priority priorityClassName readinessGates resourceClaims schedulerName schedulingGates serviceAccount
    serviceAccountName setHostnameAsFQDN tolerations topologySpreadConstraints`),
  security: words('windowsOptions'),
};

const NOT_YET: Readonly<Partial<Record<Level, ReadonlySet<string>>>> = {
  pod: words(`activeDeadlineSeconds checkpoint dnsPolicy ephemeralContainers hostnameOverride imagePullSecrets
    resources restore runtimeClassName shareProcessNamespace subdomain`),
  container: words(`lifecycle resizePolicy restartPolicy restartPolicyRules stdinOnce terminationMessagePath
    terminationMessagePolicy volumeDevices`),
  volume: words(`awsElasticBlockStore azureDisk azureFile cephfs cinder csi ephemeral fc flexVolume
    flocker gcePersistentDisk gitRepo glusterfs iscsi nfs photonPersistentDisk portworxVolume quobyte rbd
    scaleIO storageos vsphereVolume`),
  probe: words('grpc terminationGracePeriodSeconds'),
  security: words('seLinuxChangePolicy supplementalGroupsPolicy'),
  resources: words('claims ephemeral-storage'),
  env: words('resourceFieldRef fileKeyRef'),
  claim: words('dataSource dataSourceRef selector volumeAttributesClassName volumeName'),
};

/** Fields that people put one level too deep or too high; the value says where they belong. */
const MISPLACED: Readonly<Partial<Record<Level, Readonly<Record<string, string>>>>> = {
  root: {
    name: 'metadata.name',
    namespace: 'metadata.namespace',
    labels: 'metadata.labels',
    annotations: 'metadata.annotations',
    image: 'spec.image',
    command: 'spec.command',
    args: 'spec.args',
    env: 'spec.env',
    ports: 'spec.ports',
    volumes: 'spec.volumes',
    containers: 'spec.containers',
  },
  pod: { name: 'metadata.name', labels: 'metadata.labels', annotations: 'metadata.annotations' },
  container: {
    volumes: 'the spec of the pod',
    hostNetwork: 'the spec of the pod',
    hostname: 'the spec of the pod',
  },
};

/** Explains a field that the schema does not know at `parent`; null when it is foreign to Kubernetes as well. */
export function explainForeignField(kind: string, parent: FieldPath, name: string): ForeignField | null {
  for (const level of levelsOf(kind, parent)) {
    if (NO_USE[level]?.has(name) === true) {
      return {
        message: 'is a Kubernetes field that one host has no use for: remove it',
        code: 'no-use-here',
      };
    }
    if (NOT_YET[level]?.has(name) === true)
      return { message: 'not supported yet: remove it', code: 'not-supported' };
    const home = MISPLACED[level];
    if (home !== undefined && Object.hasOwn(home, name)) {
      return { message: `unknown field here, it belongs to ${home[name] ?? ''}`, code: 'misplaced-field' };
    }
  }
  return null;
}

function levelsOf(kind: string, parent: FieldPath): readonly Level[] {
  const names = parent.filter((part) => typeof part === 'string');
  const last = names.at(-1);
  if (last === undefined) return ['root'];
  if (last === 'spec' && names.length === 1) return LEVELS_OF_SPEC[kind] ?? ['pod'];
  if (last.endsWith('Probe')) return ['probe'];
  return LEVEL_OF_FIELD[last] ?? [];
}

const LEVELS_OF_SPEC: Readonly<Record<string, readonly Level[]>> = {
  Container: ['pod', 'container'],
  Volume: ['volume'],
  PersistentVolumeClaim: ['claim'],
};

const LEVEL_OF_FIELD: Readonly<Record<string, readonly Level[]>> = {
  metadata: ['metadata'],
  containers: ['container'],
  initContainers: ['container'],
  volumes: ['volume'],
  volumeMounts: ['mount'],
  securityContext: ['security'],
  resources: ['resources'],
  limits: ['resources'],
  requests: ['resources'],
  valueFrom: ['env'],
};
