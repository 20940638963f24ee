import type { PodContainer } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, exactlyOne, unknownName } from '../issue/make-issue.ts';
import type { Probe } from './probe.ts';
import { suggestion } from '../issue/suggest-name.ts';

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** Each probe asks in one way, and a port that it names is one of the container's. */
export function checkProbes(
  spec: Pick<PodContainer, (typeof PROBES)[number] | 'ports'>,
  parent: FieldPath,
): FieldIssue[] {
  const ports = (spec.ports ?? []).flatMap((port) => port.name ?? []);
  return PROBES.flatMap((name) => {
    const probe = spec[name];
    return probe === undefined ? [] : checkProbe(probe, name, ports, [...parent, name]);
  });
}

function checkProbe(probe: Probe, name: string, ports: readonly string[], at: FieldPath): FieldIssue[] {
  const issue = exactlyOne(at, probe, ['exec', 'httpGet', 'tcpSocket'], 'what the probe does');
  if (issue !== null) return [issue];
  const issues: FieldIssue[] = [];
  if (name !== 'readinessProbe' && probe.successThreshold !== 1) {
    const message = `expected 1 for a ${name}, found ${String(probe.successThreshold)}`;
    issues.push(badValue([...at, 'successThreshold'], message));
  }
  const handler = probe.httpGet === undefined ? 'tcpSocket' : 'httpGet';
  const port = probe[handler]?.port;
  if (typeof port !== 'string' || ports.includes(port)) return issues;
  const known = ports.length === 0 ? ': none of the ports has a name' : suggestion(port, ports);
  return [...issues, unknownName([...at, handler, 'port'], `no port is called \`${port}\`${known}`)];
}
