import type { ContainerRequest } from '../../schemas/index.ts';
import type { ImageConfig } from '../contract/image-engine.ts';
import type { UserRequest } from './user.ts';

/** The user that a container's request and its image ask for. */
export function userRequestOf(
  { name, spec }: Pick<ContainerRequest, 'name' | 'spec'>,
  imageConfig: ImageConfig | null,
): UserRequest {
  const security = spec.securityContext;
  return {
    container: name,
    user: spec.user ?? null,
    runAsUser: security?.runAsUser ?? null,
    runAsGroup: security?.runAsGroup ?? null,
    runAsNonRoot: security?.runAsNonRoot === true,
    groups: spec.groups ?? [],
    imageUser: imageConfig?.User ?? null,
  };
}
