import { OCI_HOOK_STAGES, type OciHook, type OciHooks } from '../../schemas/index.ts';

/**
 * The hooks of several origins, stage by stage in their order; null when there are none. What says nothing of its environment gets a plain
 * one. The specification leaves it open, and runtimes hand on their own, in which the monitor's settings are; but a startContainer hook
 * runs inside, with the environment of the container.
 */
export function mergeHooks(...origins: (OciHooks | undefined)[]): OciHooks | null {
  const merged: OciHooks = {};
  for (const stage of OCI_HOOK_STAGES) {
    const hooks = origins
      .flatMap((origin): OciHook[] => origin?.[stage] ?? [])
      .map((hook) => (stage === 'startContainer' ? hook : { env: [...PLAIN_ENVIRONMENT], ...hook }));
    if (hooks.length > 0) merged[stage] = hooks;
  }
  return Object.keys(merged).length > 0 ? merged : null;
}

/** Of a program of the host that root runs. */
const PLAIN_ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
