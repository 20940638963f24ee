import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';

/**
 * The value of a `fieldRef`, the downward API of Kubernetes, for one host. Addresses that are not known are empty text;
 * an unknown path is an error that lists the known ones.
 */
export function resolveFieldReference(fieldPath: string, input: SpecInput): string {
  const { request, host, values } = input;
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript !== null) {
    const [, map, key] = subscript;
    return (map === 'labels' ? request.labels : request.annotations)[key ?? ''] ?? '';
  }
  const known: Record<string, string> = {
    'metadata.name': request.pod?.name ?? request.name,
    'metadata.namespace': 'default',
    'metadata.uid': request.pod?.id ?? request.id,
    'spec.nodeName': host.hostname,
    'spec.serviceAccountName': '',
    'status.hostIP': values?.hostIP ?? '',
    'status.hostIPs': values?.hostIP ?? '',
    'status.podIP': values?.podIPs?.[0] ?? '',
    'status.podIPs': (values?.podIPs ?? []).join(','),
  };
  const value = Object.hasOwn(known, fieldPath) ? known[fieldPath] : undefined;
  if (value !== undefined) return value;
  throw new EngineError(
    'BAD_REQUEST',
    `resolve fieldRef of container ${request.name}: unknown fieldPath \`${fieldPath}\`, expected one of ` +
      `${Object.keys(known).join(', ')}, metadata.labels['…'], metadata.annotations['…']`,
  );
}
