import type { OciLinux, OciSpec } from '../../schemas/index.ts';
import { buildAnnotations } from './annotations.ts';
import { buildDeviceRules, buildDevices } from './devices.ts';
import { mergeHooks } from './hooks.ts';
import { buildMounts, rootPropagation } from './mounts.ts';
import { buildNamespaces, hasOwnNamespace } from './namespaces.ts';
import { buildProcess, resolveHostname } from './process.ts';
import { buildResources } from './resources.ts';
import { buildSeccomp } from './seccomp.ts';
import { hiddenPaths } from './security.ts';
import type { SpecInput } from './spec-input.ts';
import { buildSysctls } from './sysctls.ts';

/** The version of the runtime specification that is written; runc 1.1 and crun 1.8 take any 1.x. */
const OCI_VERSION = '1.2.0';

/**
 * The OCI spec of one container: a function of its input and nothing else, so that it can be shown, compared and tested
 * without a host. Throws EngineError BAD_REQUEST for a request that contradicts itself, and HOST_UNSUITABLE for one that
 * this host cannot meet.
 */
export function buildSpec(input: SpecInput): OciSpec {
  const { request, rootfsPath } = input;
  const readOnly = request.spec.securityContext?.readOnlyRootFilesystem === true;
  const hooks = mergeHooks(input.hooks, input.cdi?.hooks);
  return {
    ociVersion: OCI_VERSION,
    process: buildProcess(input),
    root: { path: rootfsPath, ...(readOnly && { readonly: true }) },
    ...(hasOwnNamespace(input, 'uts') && { hostname: resolveHostname(input) }),
    mounts: buildMounts(input),
    ...(hooks !== null && { hooks }),
    annotations: buildAnnotations(input),
    linux: buildLinux(input),
  };
}

function buildLinux(input: SpecInput): OciLinux {
  const sysctl = buildSysctls(input);
  const devices = buildDevices(input);
  const seccomp = buildSeccomp(input);
  const propagation = rootPropagation(input);
  const { userNamespace } = input;
  return {
    ...(userNamespace !== undefined && {
      uidMappings: [...userNamespace.uidMappings],
      gidMappings: [...userNamespace.gidMappings],
    }),
    ...(Object.keys(sysctl).length > 0 && { sysctl }),
    resources: { ...buildDeviceRules(input), ...buildResources(input) },
    ...(input.cgroupsPath !== null && { cgroupsPath: input.cgroupsPath }),
    namespaces: buildNamespaces(input),
    ...(devices.length > 0 && { devices }),
    ...(seccomp !== null && { seccomp }),
    ...(propagation !== null && { rootfsPropagation: propagation }),
    ...hiddenPaths(input),
    ...(input.seLinux !== undefined && { mountLabel: input.seLinux.mountLabel }),
  };
}
