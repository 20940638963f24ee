import type { CheckpointEnvironment } from '../../../schemas/index.ts';
import { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import type { HostFacts } from '../../contract/host-facts.ts';
import type { CheckpointDocuments } from '../inspect/checkpoint-documents.ts';
import { openImageDirectory } from '../../criu/image/directory-images.ts';
import { isEngineMount } from '../engine-mounts.ts';

/**
 * What a checkpoint of another engine relied on, as far as its documents and images say. What they do not say is taken to be as it is
 * here: it is not compared.
 */
export async function deriveEnvironment(
  imagesDirectory: string,
  { config, spec }: CheckpointDocuments,
  here: { facts: HostFacts; criu: string },
): Promise<CheckpointEnvironment> {
  const images = new CheckpointImages(await openImageDirectory(imagesDirectory));
  const [first] = await images.processes();
  const machine = first === undefined ? null : (await images.core(first.pid)).mtype;
  const reference = config?.rootfsImageName ?? config?.rootfsImage ?? '';
  const imageId = config?.rootfsImageID ?? null;
  const { facts, criu } = here;
  return {
    version: 1,
    container: { id: config?.id ?? '', name: config?.name ?? '' },
    architecture: (typeof machine === 'string' ? ARCHITECTURES[machine] : undefined) ?? facts.architecture,
    kernel: facts.kernel,
    criu,
    runtime: { name: config?.runtime ?? facts.runtime.name, version: '' },
    cgroups: facts.cgroups,
    cpu: { vendor: '', model: '', features: [] },
    image: imageId === null ? null : { reference, id: imageId.includes(':') ? imageId : `sha256:${imageId}` },
    mounts: (spec?.mounts ?? [])
      .filter(
        ({ type, options }) => type === 'bind' || options?.some((word) => /^r?bind$/.test(word)) === true,
      )
      .filter(({ destination }) => !isEngineMount(destination))
      .map(({ destination }) => ({ destination, kind: 'other' as const })),
    ports: [],
    addresses: [],
  };
}

/** CRIU's names, as uname(2) has them. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  X86_64: 'x86_64',
  AARCH64: 'aarch64',
  PPC64: 'ppc64le',
  S390: 's390x',
  MIPS: 'mips64',
  LOONGARCH64: 'loongarch64',
  RISCV64: 'riscv64',
};
