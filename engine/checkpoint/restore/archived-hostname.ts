import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { ownNames } from '../../container/provide-names.ts';
import type { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import { encodeImage } from '../../criu/image/encode-image.ts';

/**
 * Puts the host name of the manifest into the images of an archive, which lie in `directory`. CRIU sets the one that was saved, also
 * where it joins the UTS namespace of a pod: then all members of that would be called like the container that was saved.
 */
export async function setArchivedHostname(
  directory: string,
  images: CheckpointImages,
  request: ContainerRequest,
): Promise<void> {
  const saved = await images.utsNamespace();
  if (saved === null) return;
  const [nodename] = ownNames(request);
  const bytes = encodeImage('utsns', [{ ...saved.names, nodename }]);
  await writeFile(path.join(directory, saved.file), bytes, { mode: 0o600 });
}
