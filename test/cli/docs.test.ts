import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMAND_GROUPS } from '../../cli/command-tree.ts';
import { FakeService } from './support/fake-service.ts';
import { typeCommand } from './support/type-command.ts';

test('docs/cli.md is what the commands say', async () => {
  const { out } = await typeCommand(new FakeService(), ['__docs']);
  const written = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  assert.is(written, out, 'run: node --import tsx cli/main.ts __docs > docs/cli.md');
});

test('every command that is not hidden can show its help', async () => {
  for (const node of COMMAND_GROUPS.flatMap(({ commands }) => commands)) {
    if (node.hidden === true) continue;
    const { code, out } = await typeCommand(new FakeService(), [node.name, '--help']);
    assert.is(code, 0);
    assert.match(out, new RegExp(`^Usage: tsctr ${node.name}`));
    for (const line of out.split('\n')) assert.is(line.trimEnd(), line, `${node.name}: ends in spaces`);
  }
});

test.run();
