import { renameSync } from 'node:fs';
import { buildSpec } from '../../spec/build-spec.ts';
import { replacedFiles } from '../../spec/mounts.ts';
import { serializeSpec } from '../../spec/serialize-spec.ts';
import type { Stage } from '../../stage.ts';
import { writeVolatile } from '../../volatile-file.ts';
import type { ContainerContext } from '../container-context.ts';
import { checkMountPoints } from '../check-mount-points.ts';
import { gatherHooks } from '../gather-hooks.ts';
import { gatherSpecInput } from '../gather-spec-input.ts';
import { noteDataVersions } from '../refresh-data.ts';
import { runPrecreateHooks } from '../run-precreate-hooks.ts';

/** config.json of the bundle: made anew at each start, since paths and addresses may have changed. */
export const runtimeSpec: Stage<ContainerContext> = {
  name: 'runtime-spec',

  async up(context) {
    const { parts, request, paths } = context;
    const input = await gatherSpecInput(context);
    for (const file of replacedFiles(input)) {
      parts.notice?.(request.name, `${file} is what the manifest mounts there, not what tsctr provides`);
    }
    await noteDataVersions(context);
    const spec = buildSpec(input);
    const hooks = await gatherHooks(context, spec);
    checkMountPoints(context, spec);
    const text = serializeSpec(buildSpec({ ...input, hooks: hooks.spec }));
    const temporary = `${paths.config}.new`;
    writeVolatile(temporary, await runPrecreateHooks(context, hooks.precreate, text), 0o600);
    renameSync(temporary, paths.config);
  },

  down() {
    // It goes with the bundle.
    return Promise.resolve();
  },
};
