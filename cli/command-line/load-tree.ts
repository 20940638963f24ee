import { COMMAND_GROUPS } from '../command-tree.ts';
import type { CommandNode } from '../command-tree.ts';
import type { LoadedCommand, LoadedGroup } from './command.ts';

/** Loads every command; `shown`: that is not hidden. */
export function loadTree(which: 'shown' | 'all' = 'shown'): Promise<LoadedGroup[]> {
  return Promise.all(
    COMMAND_GROUPS.map(async ({ title, commands }) => ({
      title,
      commands: await loadNodes(commands, '', which),
    })),
  );
}

async function loadNodes(
  nodes: readonly CommandNode[],
  parent: string,
  which: 'shown' | 'all',
): Promise<LoadedCommand[]> {
  const shown = nodes.filter((node) => which === 'all' || node.hidden !== true);
  return Promise.all(
    shown.map(async (node) => {
      const path = `${parent} ${node.name}`.trim();
      return {
        path,
        name: node.name,
        summary: node.summary,
        spec: 'load' in node ? await node.load() : null,
        children: await loadNodes(node.children ?? [], path, which),
      };
    }),
  );
}
