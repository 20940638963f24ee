import { describeValue } from '../issue/describe-value.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import { API_VERSIONS, OWN_API_VERSIONS } from './manifest.ts';
import type { ManifestKind } from './manifest.ts';
import { suggestName } from '../issue/suggest-name.ts';

const KINDS = Object.keys(API_VERSIONS) as ManifestKind[];

/** Kinds of ours or of Kubernetes that are to come. */
const LATER_KINDS = new Set([
  ...['Network', 'Source'],
  ...['CronJob', 'DaemonSet', 'Deployment', 'Job', 'PersistentVolume'],
  ...['ReplicaSet', 'StatefulSet'],
]);

/** Kinds that only a cluster has a use for. */
const CLUSTER_KINDS = new Set([
  ...['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'Endpoints', 'EndpointSlice'],
  ...[
    'HorizontalPodAutoscaler',
    'Ingress',
    'LimitRange',
    'Namespace',
    'NetworkPolicy',
    'Node',
    'PodDisruptionBudget',
  ],
  ...['PriorityClass', 'ResourceQuota', 'Role', 'RoleBinding', 'Service', 'ServiceAccount', 'StorageClass'],
]);

/** Which kind a document is, or why that cannot be said. Looks at `kind` and `apiVersion` only. */
export function identifyKind(value: unknown): { kind: ManifestKind } | { issue: FieldIssue } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `expected a mapping with apiVersion, kind, metadata and spec, found ${describeValue(value)}`;
    return { issue: { path: [], message, code: 'invalid-type', mark: 'value' } };
  }
  const { kind, apiVersion } = value as Record<string, unknown>;
  const known = KINDS.find((name) => name === kind);
  if (known === undefined) return { issue: unknownKind(kind) };
  const own = OWN_API_VERSIONS[known];
  const wanted = own === undefined ? API_VERSIONS[known] : `${API_VERSIONS[known]} or ${own}`;
  if (apiVersion === API_VERSIONS[known] || (own !== undefined && apiVersion === own)) return { kind: known };
  const path = ['apiVersion'];
  if (apiVersion === undefined || apiVersion === null) {
    return {
      issue: {
        path,
        message: `missing, expected ${wanted} for kind ${known}`,
        code: 'missing-field',
        mark: 'parent',
      },
    };
  }
  const message = `expected ${wanted} for kind ${known}, found ${describeValue(apiVersion)}`;
  return { issue: { path, message, code: 'invalid-value', mark: 'value' } };
}

function unknownKind(kind: unknown): FieldIssue {
  const path = ['kind'];
  const expected = `expected one of ${KINDS.join(', ')}`;
  if (kind === undefined || kind === null) {
    return { path, message: `missing, ${expected}`, code: 'missing-field', mark: 'parent' };
  }
  if (typeof kind === 'string' && LATER_KINDS.has(kind)) {
    return {
      path,
      message: `${kind} is not supported yet, ${expected}`,
      code: 'not-supported',
      mark: 'value',
    };
  }
  if (typeof kind === 'string' && CLUSTER_KINDS.has(kind)) {
    const message = `${kind} is a Kubernetes kind that one host has no use for: remove this document`;
    return { path, message, code: 'no-use-here', mark: 'value' };
  }
  const near = typeof kind === 'string' ? suggestName(kind, KINDS) : null;
  const hint = near === null ? '' : `, did you mean \`${near}\`?`;
  return {
    path,
    message: `${expected}, found ${describeValue(kind)}${hint}`,
    code: 'unknown-kind',
    mark: 'value',
  };
}
