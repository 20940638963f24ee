import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatJson } from '../output/json.ts';
import { formatYaml } from '../output/yaml.ts';
import { versionNumber } from '../version-number.ts';

export const version: CommandSpec = {
  description: '',
  outputs: ['json', 'yaml'],
  examples: ['tsctr version -o json'],
  run: ({ io, globals }) => {
    const about = {
      version: versionNumber(),
      node: process.versions.node,
      architecture: process.arch,
      platform: process.platform,
    };
    if (globals.output === 'json') io.out(formatJson(about));
    else if (globals.output === 'yaml') io.out(formatYaml(about));
    else io.out(`tsctr ${about.version}\n`);
    return Promise.resolve(EXIT.asWished);
  },
};
