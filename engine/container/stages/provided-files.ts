import path from 'node:path';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { containerEnvFile } from '../../files/container-env.ts';
import { hostnameFile } from '../../files/hostname.ts';
import { unmountAll } from '../../rootfs/mount-overlay.ts';
import { labelsOf } from '../../selinux/host-labels.ts';
import { labelTree } from '../../selinux/label-tree.ts';
import { sideBySide } from '../../side-by-side.ts';
import type { Stage } from '../../stage.ts';
import { usesHostNetwork } from '../container-context.ts';
import { writeVolatile } from '../../volatile-file.ts';
import type { ContainerContext } from '../container-context.ts';
import { provideNotifyDirectory } from '../notify-socket.ts';
import { provideLocaltime } from '../provide-localtime.ts';
import { provideNames } from '../provide-names.ts';
import { providePasswd } from '../provide-passwd.ts';
import { provideSecrets, secretsDirectory } from '../provide-secrets.ts';
import { provideSubscriptions } from '../provide-subscriptions.ts';

/** Files that the engine provides, mounted over the image's own: hosts, hostname, resolv.conf and the like. */
export const providedFiles: Stage<ContainerContext> = {
  name: 'provided-files',

  async up(context) {
    provide(context, '/etc/hostname', hostnameFile(hostnameOf(context)));
    provide(context, '/run/.containerenv', containerEnvText(context.request));
    await sideBySide(`provide the files of container/${context.request.name}`, [
      // A secret lies over what the host provides there.
      provideSubscriptions(context).then(() => provideSecrets(context)),
      provideNames(context),
      provideNotifyDirectory(context),
      provideLocaltime(context),
      providePasswd(context),
    ]);
    repeatInChroots(context);
    const labels = labelsOf(context);
    if (labels !== null) await labelTree(context.parts.kernel, context.paths.files, labels.mountLabel);
  },

  down(context) {
    // The others go with the bundle.
    unmountAll(context.parts.kernel, secretsDirectory(context));
    return Promise.resolve();
  },
};

/** Writes a file of the container below its directory of provided files, and notes where it is to be mounted. */
function provide(context: ContainerContext, destination: string, text: string): void {
  const file = path.join(context.paths.files, destination.slice(1).replaceAll('/', '-'));
  writeVolatile(file, text, 0o644);
  context.providedFiles[destination] = file;
}

/** Programs that change their root directory find these files there too. */
function repeatInChroots({ request, providedFiles: provided }: ContainerContext): void {
  for (const directory of request.spec.chrootDirs ?? []) {
    for (const file of REPEATED) {
      const source = provided[file];
      if (source !== undefined) provided[path.posix.join(directory, file)] = source;
    }
  }
}

const REPEATED = [
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/hostname',
  '/etc/localtime',
  '/etc/passwd',
  '/etc/group',
];

function hostnameOf({ request, parts }: ContainerContext): string {
  if (usesHostNetwork(request) && request.spec.hostname === undefined) return parts.facts.hostname;
  return request.spec.hostname ?? request.pod?.name ?? request.name;
}

function containerEnvText(request: ContainerRequest): string {
  return containerEnvFile({
    privileged: request.spec.privileged === true || request.spec.securityContext?.privileged === true,
    engine: 'tsctr',
    name: request.name,
    id: request.id,
    image: request.image?.reference ?? '',
    imageId: request.image?.id ?? '',
  });
}
