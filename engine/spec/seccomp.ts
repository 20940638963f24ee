import type { OciSeccomp } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { boundingSet, isPrivileged } from './capabilities.ts';
import { defaultSeccomp } from './seccomp-default.ts';
import type { SpecInput } from './spec-input.ts';

/**
 * `linux.seccomp`: the default profile unless the manifest names another. Null is unconfined: asked for, privileged without
 * asking, or on a kernel without seccomp.
 */
export function buildSeccomp(input: SpecInput): OciSeccomp | null {
  const { request, host } = input;
  const asked = request.spec.securityContext?.seccompProfile;
  const type = asked?.type ?? (isPrivileged(input) ? 'Unconfined' : 'RuntimeDefault');
  switch (type) {
    case 'Unconfined':
      return null;
    case 'RuntimeDefault':
      return host.seccomp ? defaultSeccomp(host.architecture, boundingSet(input)) : null;
    case 'Localhost':
      return localhostProfile(input);
  }
}

function localhostProfile({ request, host, localhostSeccomp }: SpecInput): OciSeccomp {
  const path = request.spec.securityContext?.seccompProfile?.localhostProfile;
  const operation = `build seccomp of container ${request.name}`;
  if (path === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: seccompProfile of type Localhost needs localhostProfile, found none`,
    );
  }
  if (!host.seccomp) {
    throw new EngineError('HOST_UNSUITABLE', `${operation}: profile ${path}: this kernel has no seccomp`);
  }
  if (localhostSeccomp === undefined) {
    throw new EngineError('BAD_REQUEST', `${operation}: profile ${path} was not read`);
  }
  return localhostSeccomp;
}
