import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { isPrivileged } from '../spec/capabilities.ts';
import { isSystemdContainer } from '../spec/systemd-mode.ts';
import { containerLabels, parseLabelDefaults } from './container-labels.ts';
import type { ContainerLabels } from './container-labels.ts';

/** selinux_config(5): which policy is loaded, and where its files are. */
const CONFIGURATION = '/etc/selinux';

/** The labels of a container on this host; null on a host without SELinux, or whose policy knows no containers. */
export function labelsOf(
  context: Pick<ContainerContext, 'request' | 'parts' | 'imageConfig'>,
  directory = CONFIGURATION,
): ContainerLabels | null {
  const { request, parts, imageConfig } = context;
  if (!parts.facts.seLinux) return null;
  const policy = /^SELINUXTYPE=(\S+)/m.exec(readOrEmpty(path.join(directory, 'config')))?.[1] ?? 'targeted';
  const defaults = parseLabelDefaults(readOrEmpty(path.join(directory, policy, 'contexts/lxc_contexts')));
  if (defaults === null) return null;
  const { spec, pod } = request;
  const isInit = isSystemdContainer({ request, imageConfig });
  const isMachine = /krun|kata/.test(parts.facts.runtime.name);
  return containerLabels(defaults, {
    // Members that speak over shared memory must be able to; a container made anew finds its private volumes.
    seed: `${parts.paths.root} ${pod?.shared.includes('ipc') === true ? `pod/${pod.name}` : request.name}`,
    options: definedOf(spec.securityContext?.seLinuxOptions ?? {}),
    isApart: !isPrivileged({ request }) && spec.hostPID !== true && spec.hostIPC !== true,
    runs: isMachine ? 'machine' : isInit ? 'init' : 'program',
  });
}

/** As an option of a mount whose files have no labels of their own. */
export function contextOption(context: Pick<ContainerContext, 'request' | 'parts' | 'imageConfig'>): {
  context?: string;
} {
  const labels = labelsOf(context);
  return labels === null ? {} : { context: labels.mountLabel };
}

function definedOf(options: {
  user?: string | undefined;
  role?: string | undefined;
  type?: string | undefined;
  level?: string | undefined;
}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return '';
    throw error;
  }
}
