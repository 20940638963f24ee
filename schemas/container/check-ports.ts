import { isIP } from 'node:net';
import type { PodContainer } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, conflict, duplicate, findDuplicates } from '../issue/make-issue.ts';

export type Port = NonNullable<PodContainer['ports']>[number];

/** The ports of one container, and where they stand. */
export interface PortList {
  ports: readonly Port[];
  path: FieldPath;
}

/** Checks the ports of all containers that share a network namespace. */
export function checkPorts(lists: readonly PortList[], network: 'host' | 'none'): FieldIssue[] {
  const all = lists.flatMap(({ ports, path }) => ports.map((port, i) => ({ port, path: [...path, i] })));
  return [
    ...all.flatMap(({ port, path }) => checkPort(port, path, network)),
    ...findDuplicates(
      all,
      ({ port }) =>
        port.hostPort === undefined ? null : `${port.hostIP ?? ''} ${String(port.hostPort)} ${port.protocol}`,
      ({ port, path }) =>
        duplicate(
          [...path, 'hostPort'],
          `host port ${String(port.hostPort)}/${port.protocol} is published a second time`,
        ),
    ),
    ...lists.flatMap(({ ports, path }) =>
      findDuplicates(
        ports,
        (port) => port.name ?? null,
        (port, i) =>
          duplicate([...path, i, 'name'], `the port name \`${port.name ?? ''}\` stands here a second time`),
      ),
    ),
  ];
}

function checkPort(port: Port, path: FieldPath, network: 'host' | 'none'): FieldIssue[] {
  const issues: FieldIssue[] = [];
  if (port.hostIP !== undefined && isIP(port.hostIP) === 0) {
    issues.push(
      badValue([...path, 'hostIP'], `expected an IP address, found ${JSON.stringify(port.hostIP)}`),
    );
  }
  if (port.hostPort === undefined) return issues;
  if (network === 'none') {
    const way = 'remove it, or use the network of the host (hostNetwork: true)';
    issues.push(
      conflict([...path, 'hostPort'], `the network is none, from which no port can be published: ${way}`),
    );
  } else if (port.hostPort !== port.containerPort) {
    const expected = `expected the containerPort ${String(port.containerPort)}, found ${String(port.hostPort)}`;
    issues.push(
      conflict([...path, 'hostPort'], `on the network of the host both are the same port: ${expected}`),
    );
  }
  return issues;
}
