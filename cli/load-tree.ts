import { COMMAND_GROUPS } from './command-tree.ts';
import type { CommandNode } from './command-tree.ts';
import type { LoadedCommand, LoadedGroup } from './command.ts';

/** Loads every command that is not hidden. */
export function loadTree(): Promise<LoadedGroup[]> {
  return Promise.all(
    COMMAND_GROUPS.map(async ({ title, commands }) => ({ title, commands: await loadNodes(commands, '') })),
  );
}

async function loadNodes(nodes: readonly CommandNode[], parent: string): Promise<LoadedCommand[]> {
  const shown = nodes.filter((node) => node.hidden !== true);
  return Promise.all(
    shown.map(async (node) => {
      const path = `${parent} ${node.name}`.trim();
      return {
        path,
        name: node.name,
        summary: node.summary,
        spec: 'load' in node ? await node.load() : null,
        children: await loadNodes(node.children ?? [], path),
      };
    }),
  );
}
