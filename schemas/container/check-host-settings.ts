import { isIP } from 'node:net';
import type { ContainerSpec } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import { badValue, duplicate, findDuplicates } from '../issue/make-issue.ts';
import type { PodSpec } from '../pod/pod.ts';

type Hosted = Pick<ContainerSpec, 'hostAliases' | 'dnsConfig'> | Pick<PodSpec, 'hostAliases' | 'dnsConfig'>;

/** Names and addresses that a container is given, its zone and its devices. */
export function checkHostSettings(
  spec: Hosted & Partial<Pick<ContainerSpec, 'timezone' | 'devices'>>,
): FieldIssue[] {
  return [
    ...(spec.hostAliases ?? []).flatMap(({ ip }, i) => checkAddress(ip, ['spec', 'hostAliases', i, 'ip'])),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, i) =>
      checkAddress(ip, ['spec', 'dnsConfig', 'nameservers', i]),
    ),
    ...checkTimezone(spec.timezone),
    ...findDuplicates(
      spec.devices ?? [],
      (device) => device.containerPath ?? device.hostPath,
      (device, i) => {
        const name = device.containerPath === undefined ? 'hostPath' : 'containerPath';
        return duplicate(
          ['spec', 'devices', i, name],
          `there is another device at ${device[name] ?? ''} already`,
        );
      },
    ),
  ];
}

function checkAddress(ip: string, at: (string | number)[]): FieldIssue[] {
  return isIP(ip) === 0 ? [badValue(at, `expected an IP address, found ${JSON.stringify(ip)}`)] : [];
}

/** Whether the host knows the zone is seen when the container is made. */
function checkTimezone(zone: string | undefined): FieldIssue[] {
  if (zone === undefined || /^[A-Za-z][\w+-]*(\/[A-Za-z][\w+-]*){0,2}$/.test(zone)) return [];
  return [
    badValue(
      ['spec', 'timezone'],
      `expected a zone such as Europe/Berlin, or local, found ${JSON.stringify(zone)}`,
    ),
  ];
}
