import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { painter } from '../output/colour.ts';
import { formatExplanation } from '../output/explanation.ts';
import { formatJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';

export const explain: CommandSpec = {
  description:
    'The path begins with the kind: container, pod.spec, container.spec.image. Without one: the kinds.',
  arguments: [{ name: '[field]', description: 'such as container.spec.image', completes: 'field' }],
  outputs: ['json'],
  examples: ['tsctr explain container.spec.restartPolicy'],
  hosted: true,
  run: async ({ args, io, globals }) => {
    const schemas = await import('../../schemas/index.ts');
    const paint = painter(globals.colour);
    const [path] = args;
    if (path === undefined) {
      const kinds = schemas.explainKinds();
      const columns = [
        { title: 'KIND', value: (kind: (typeof kinds)[number]) => kind.kind },
        { title: 'APIVERSION', value: (kind: (typeof kinds)[number]) => kind.apiVersion },
        { title: 'DESCRIPTION', value: (kind: (typeof kinds)[number]) => kind.description },
      ];
      io.out(globals.output === 'json' ? formatJson(kinds) : formatTable(columns, kinds, { paint }));
      return EXIT.asWished;
    }
    const explanation = schemas.explain(path);
    io.out(
      globals.output === 'json'
        ? formatJson(explanation)
        : formatExplanation(explanation, paint, io.columns ?? 100),
    );
    return EXIT.asWished;
  },
};
