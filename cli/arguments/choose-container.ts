import type { ContainerRecord, ContainerRequest } from '../../schemas/index.ts';
import type { ResourceView } from '../api/service.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Invocation } from '../command-line/command.ts';
import { formatName, parseNames, resolveName } from './resource-name.ts';

export interface ChosenContainer {
  view: ResourceView;
  /** Name of the container within the pod, null where the resource is a container. */
  member: string | null;
}

/** The resource that `words` name and, in a pod, the container that `-c` says or that is its only one. */
export function chooseContainer(
  { options }: Invocation,
  verb: string,
  words: readonly string[],
  views: readonly ResourceView[],
): ChosenContainer {
  const { names, kinds } = parseNames(words);
  const [typed, second] = names;
  const [word] = words;
  if (kinds.length > 0 && word !== undefined) {
    // A container may be called what a kind is called for short.
    throw new CliError('BAD_INPUT', `${verb}: '${word}' is a kind`, `say tsctr ${verb} container/${word}`);
  }
  if (typed === undefined || second !== undefined) {
    throw new CliError('BAD_INPUT', `${verb}: name one resource`, `say tsctr ${verb} <name>`);
  }
  const wanted = options.text('container');
  const view = resolveName(typed, views);
  if (view.record.kind === 'Container') return { view, member: wanted };
  const spec = view.record.manifest.spec;
  const all = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
  if (wanted !== null && !all.includes(wanted)) {
    throw new CliError(
      'NOT_FOUND',
      `${formatName(view.resource)}: no container '${wanted}'`,
      `it has ${all.join(', ')}`,
    );
  }
  const [first, other] = spec.containers;
  if (wanted === null && other !== undefined) {
    const known = spec.containers.map(({ name }) => name).join(', ');
    throw new CliError(
      'BAD_INPUT',
      `${formatName(view.resource)} has several containers: ${known}`,
      'say which with -c',
    );
  }
  return { view, member: wanted ?? first?.name ?? null };
}

/** What the engine has to know of the container that is meant; one that was never created is an error. */
export async function requestOf(
  invocation: Invocation,
  verb: string,
  words: readonly string[],
): Promise<ContainerRequest> {
  const service = await invocation.service();
  const { view, member } = chooseContainer(invocation, verb, words, await service.list());
  const record = recordOf(view, member);
  if (record?.request != null) return record.request;
  const name = member === null ? formatName(view.resource) : `${formatName(view.resource)} -c ${member}`;
  throw new CliError('BAD_REQUEST', `${verb} ${name}: it has not been created yet`);
}

function recordOf(
  { record, members, resource }: ResourceView,
  member: string | null,
): ContainerRecord | null {
  if (record.kind === 'Container') return record;
  return members.find(({ name }) => name === `${resource.name}.${member ?? ''}`) ?? null;
}
