import type { Service } from '../api/service.ts';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatName, kindOf } from '../arguments/resource-name.ts';

/** What the completion scripts ask: one candidate a line. Says nothing when it cannot know: a shell is no place for errors. */
export const complete: CommandSpec = {
  description: '',
  arguments: [
    { name: '<what>', description: 'resource or image' },
    { name: '[before...]', description: 'the words typed before' },
  ],
  hosted: true,
  run: async (invocation) => {
    const [what, ...before] = invocation.args;
    try {
      const service = await invocation.service();
      const names =
        what === 'image' ? await imageNames(service.images) : await resourceNames(service, before);
      invocation.io.out(names.map((name) => `${name}\n`).join(''));
    } catch {
      return EXIT.failed;
    }
    return EXIT.asWished;
  },
};

async function imageNames(images: Service['images']): Promise<string[]> {
  return (await images.list()).flatMap(({ names }) => names).sort();
}

/** After `container` its bare names, else `web` and `container/web` alike. */
async function resourceNames(service: Service, before: readonly string[]): Promise<string[]> {
  const views = await service.list();
  const kind = before.map(kindOf).find((one) => one !== null);
  if (kind !== undefined) {
    return views.filter(({ resource }) => resource.kind === kind).map(({ resource }) => resource.name);
  }
  return views.flatMap(({ resource }) => [resource.name, formatName(resource)]);
}
