import { OCI_HOOK_STAGES, type OciHook, type OciHooks } from '../../schemas/index.ts';

/** The hooks of several origins, stage by stage in their order; null when there are none. */
export function mergeHooks(...origins: (OciHooks | undefined)[]): OciHooks | null {
  const merged: OciHooks = {};
  for (const stage of OCI_HOOK_STAGES) {
    const hooks = origins.flatMap((origin): OciHook[] => origin?.[stage] ?? []);
    if (hooks.length > 0) merged[stage] = hooks;
  }
  return Object.keys(merged).length > 0 ? merged : null;
}
