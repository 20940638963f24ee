import type { VolumeMount } from '../../schemas/index.ts';
import type { ContainerContext } from '../container/container-context.ts';
import { gatherSpecInput } from '../container/gather-spec-input.ts';
import { EngineError } from '../engine-error.ts';
import { manifestVariables } from '../spec/environment.ts';
import { expandVariables } from '../spec/expand-variables.ts';

/** The path within the volume that is mounted; empty for all of it. */
export async function subPathOf(context: ContainerContext, mount: VolumeMount): Promise<string> {
  if (mount.subPath !== undefined) return mount.subPath;
  if (mount.subPathExpr === undefined) return '';
  const variables = manifestVariables(await gatherSpecInput(context));
  const expression = mount.subPathExpr;
  const operation = `expand subPathExpr ${expression} of ${mount.mountPath}`;
  const unknown = [...expression.matchAll(/(?<!\$)\$\(([^)]*)\)/g)].find(
    ([, name]) => !variables.has(name ?? ''),
  );
  if (unknown !== undefined) {
    throw new EngineError('BAD_REQUEST', `${operation}: spec.env has no variable ${unknown[1] ?? ''}`);
  }
  const subPath = expandVariables(expression, variables);
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new EngineError(
      'UNSAFE_PATH',
      `${operation}: expected a path within the volume, found ${JSON.stringify(subPath)}`,
    );
  }
  return subPath;
}
