import { existsSync } from 'node:fs';
import path from 'node:path';
import type { OciSpec } from '../../schemas/index.ts';
import type { CriuAllowances } from './options.ts';

const ANNOTATION = 'org.criu.config';

/**
 * Which file of settings CRIU reads last, over all that it was told: the one that the annotation names, none for an empty one,
 * else that of the runtime, as runc and crun have it.
 */
export function chooseConfigFile(spec: OciSpec, runtime: string): Pick<CriuAllowances, 'configFile'> {
  const named = spec.annotations[ANNOTATION];
  if (named !== undefined) return named === '' ? {} : { configFile: named };
  const names = path.basename(runtime) === 'crun' ? ['crun', 'runc'] : ['runc'];
  const found = names.map((name) => `/etc/criu/${name}.conf`).find((file) => existsSync(file));
  return found === undefined ? {} : { configFile: found };
}
