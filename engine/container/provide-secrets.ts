import { chmod, cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { contextOption } from '../selinux/host-labels.ts';
import { mountTmpfs } from '../rootfs/mount-tmpfs.ts';
import { planSecretFiles, SECRETS_DIRECTORY } from '../secret/plan-secret-files.ts';
import type { SecretFile } from '../secret/plan-secret-files.ts';
import { RUN_SECRETS, writeSecretFiles } from '../secret/write-secret-files.ts';
import type { DataEntries } from '../volume/data-sources.ts';
import { hostOwner } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';

/** A tmpfs of the container's own: what is in it never reaches a disk. */
export function secretsDirectory({ paths }: Pick<ContainerContext, 'paths'>): string {
  return path.join(paths.bundle, 'secrets');
}

/** The files of `spec.secrets`, below /run/secrets or at places of their own. */
export async function provideSecrets(context: ContainerContext): Promise<void> {
  const files = await secretFiles(context);
  if (files.length === 0) return;
  const directory = secretsDirectory(context);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // With a user namespace the runtime looks at the source of a mount as a user who is not root here.
  mountTmpfs(context.parts.kernel, directory, {
    mode: context.userNamespace === null ? '0700' : '0711',
    ...contextOption(context),
  });
  const below = path.join(directory, RUN_SECRETS);
  await mkdir(below, { mode: 0o755 });
  await chmod(below, 0o755);
  const given = context.providedFiles[SECRETS_DIRECTORY];
  if (given !== undefined) await cp(given, below, { recursive: true });
  const { mounts } = await writeSecretFiles(directory, files, (owner) => hostOwner(context, owner));
  Object.assign(context.providedFiles, mounts, { [SECRETS_DIRECTORY]: below });
}

/** Writes the files anew after the values have changed, where the container has them mounted. True when anything was. */
export async function refreshSecrets(context: ContainerContext): Promise<boolean> {
  const files = await secretFiles(context);
  if (files.length === 0) return false;
  const toHost = (owner: { uid: number; gid: number }) => hostOwner(context, owner);
  return (await writeSecretFiles(secretsDirectory(context), files, toHost)).changed;
}

async function secretFiles({ request, parts }: ContainerContext): Promise<SecretFile[]> {
  const used = (request.spec.secrets ?? []).filter(({ env }) => env === undefined);
  const secrets: Record<string, DataEntries> = {};
  for (const { name } of used) {
    const entries = await parts.data.secret(name);
    if (entries !== null) secrets[name] = entries;
  }
  return planSecretFiles(request, secrets);
}
