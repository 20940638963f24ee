import type { ContainerAccess, ExplainedPart, GivenData } from '../../engine/index.ts';
import type { ContainerRequest, LoadedManifest } from '../../schemas/index.ts';
import { chooseContainer } from '../arguments/choose-container.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { FILE_OPTIONS } from '../arguments/file-options.ts';
import { prettyJson } from '../output/pretty-json.ts';
import { formatTable } from '../output/table.ts';
import { readManifestFiles } from '../arguments/read-manifest-files.ts';

export const spec: CommandSpec = {
  description:
    'Prepares the container as its creation would, in a place of its own, prints the config.json that the runtime would get, and takes\n' +
    'all of it down again. Values of secrets are masked. With --explain: which line, image or default each part comes from.',
  arguments: [{ name: '[name]', description: 'web, container/web, pod/db', completes: 'resource' }],
  options: [
    ...FILE_OPTIONS,
    { flags: '-c, --container <name>', description: 'which container of the pod' },
    { flags: '--explain', description: 'say where each part comes from' },
  ],
  outputs: ['json'],
  examples: ['tsctr spec web', 'tsctr spec -f web.yaml --explain'],
  run: async (invocation) => {
    const { options, args, io, globals, wiring } = invocation;
    const fromFiles = options.list('file').length > 0;
    if (fromFiles === args.length > 0) {
      throw new CliError('BAD_INPUT', 'spec: name one resource, or files with -f');
    }
    const access = await wiring.openAccess(globals);
    const subjects = fromFiles ? await subjectsInFiles(invocation, access) : [await subjectNamed(invocation)];
    const chosen = subjects.filter(({ request }) => isChosen(options.text('container'), request));
    if (chosen.length === 0) throw new CliError('NOT_FOUND', 'spec: there is no such container');
    for (const { request, given, placeOf } of chosen) {
      const preview = await access.previewSpec(request, given);
      if (!options.flag('explain'))
        io.out(`${globals.output === 'json' ? preview.text : prettyJson(preview.text)}\n`);
      else io.out(formatTable(columns(placeOf), preview.parts, { headers: true }));
    }
    return EXIT.asWished;
  },
};

interface Subject {
  request: ContainerRequest;
  given: GivenData;
  /** Where a field of its manifest stands: `web.yaml:7`; null where that is not known. */
  placeOf: (field: string) => string | null;
}

function isChosen(member: string | null, { pod }: ContainerRequest): boolean {
  return member === null || pod?.member === member;
}

function columns(placeOf: Subject['placeOf']) {
  const source = ({ origin, field }: ExplainedPart): string => {
    if (field === null) return origin;
    const place = origin === 'manifest' ? placeOf(field) : null;
    return place === null ? `${origin} ${field}` : `${place} ${field}`;
  };
  return [
    { title: 'PART', value: (explained: ExplainedPart) => explained.part },
    { title: 'COMES FROM', value: source },
  ];
}

async function subjectNamed(invocation: Invocation): Promise<Subject> {
  const { expandPod } = await import('../../reconciler/index.ts');
  const service = await invocation.service();
  const { view, member } = chooseContainer(invocation, 'spec', invocation.args, await service.list());
  const { record } = view;
  const container =
    record.kind === 'Container'
      ? record
      : view.members.find(({ name }) => name === `${record.name}.${member ?? ''}`);
  const present = container?.request ?? null;
  if (present === null)
    throw new CliError('BAD_REQUEST', `spec: ${view.resource.name} has not been created yet`);
  const wanted =
    record.kind === 'Container'
      ? record.manifest?.spec
      : expandPod(record.manifest, record.id).find(({ membership }) => membership.member === member)?.spec;
  return {
    request: { ...present, spec: wanted ?? present.spec },
    given: {},
    placeOf: () => null,
  };
}

async function subjectsInFiles(invocation: Invocation, access: ContainerAccess): Promise<Subject[]> {
  const { options, io } = invocation;
  const { decodeEntries, loadManifests, ManifestError, placesOfFields } =
    await import('../../schemas/index.ts');
  const files = await readManifestFiles(options.list('file'), io, { recursive: options.flag('recursive') });
  const loaded = files.map((each) => ({ ...each, ...loadManifests(each.text, each.file) }));
  const problems = loaded.flatMap((each) => each.problems);
  if (problems.length > 0) throw new ManifestError(problems);
  const secrets: Record<string, string[]> = {};
  const configMaps: Record<string, Record<string, Uint8Array>> = {};
  for (const { manifest } of loaded.flatMap((each) => each.manifests)) {
    const { name } = manifest.metadata;
    if (manifest.kind === 'ConfigMap') configMaps[name] = decodeEntries(manifest.data, manifest.binaryData);
    if (manifest.kind !== 'Secret') continue;
    const { data = {}, stringData = {}, from = {} } = manifest;
    secrets[name] = Object.keys({ ...data, ...stringData, ...from });
  }
  const given: GivenData = { secrets, configMaps };
  const subjects: Subject[] = [];
  for (const { text, file, manifests } of loaded) {
    for (const one of manifests) {
      const places = placesOfFields(text, one);
      const placeOf = (field: string): string | null =>
        places === null || one.manifest.kind === 'Pod' ? null : `${file}:${String(places(field).line)}`;
      for (const request of await requestsOf(one, access)) subjects.push({ request, given, placeOf });
    }
  }
  return subjects;
}

/** As a first creation would have them. */
async function requestsOf(
  { manifest }: LoadedManifest,
  access: ContainerAccess,
): Promise<ContainerRequest[]> {
  if (manifest.kind !== 'Container' && manifest.kind !== 'Pod') return [];
  const { expandPod } = await import('../../reconciler/index.ts');
  const { metadata } = manifest;
  const members =
    manifest.kind === 'Container'
      ? [{ name: metadata.name, spec: manifest.spec, membership: null }]
      : expandPod(manifest, NO_ID);
  const requests: ContainerRequest[] = [];
  for (const { name, spec: wanted, membership } of members) {
    const image = wanted.image === undefined ? null : await access.findImage(wanted.image);
    if (wanted.image !== undefined && image === null) {
      throw new CliError(
        'NOT_FOUND',
        `spec: image ${wanted.image} is not in the store`,
        `say tsctr image pull ${wanted.image}`,
      );
    }
    requests.push({
      id: NO_ID,
      name,
      spec: wanted,
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      image,
      pod: membership,
      createdAt: '1970-01-01T00:00:00.000Z',
    });
  }
  return requests;
}

/** Of a container that does not exist yet. */
const NO_ID = '0'.repeat(64);
