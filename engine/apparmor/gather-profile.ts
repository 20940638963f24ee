import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../schemas/index.ts';
import type { EngineParts } from '../container/container-context.ts';
import { EngineError } from '../engine-error.ts';
import { findProgram } from '../host.ts';
import type { SpecInput } from '../spec/spec-input.ts';
import { DEFAULT_PROFILE, DEFAULT_PROFILE_TEXT } from './default-profile.ts';

export type ProfileParts = Pick<EngineParts, 'facts' | 'runCommand' | 'notice'> & {
  readonly paths: Pick<EngineParts['paths'], 'run'>;
};

/** Where the kernel lists the profiles that it has, and where the parser is; only tests name others. */
export interface AppArmorPlaces {
  profiles: string;
  parser: string | null;
}

/** What the loaded profile was made of; goes with the run directory at a reboot, as the profile does. */
const MARKER = 'apparmor-profile';
const PARSER_TIMEOUT_MS = 60_000;

/**
 * Makes sure that the profile which the container needs is in the kernel, and names the default one. Nothing on a host without
 * AppArmor. Throws HOST_UNSUITABLE when the profile that the manifest names is not there; one that nobody asked for is left out, and
 * people are told.
 */
export async function gatherAppArmorProfile(
  parts: ProfileParts,
  request: ContainerRequest,
  places: AppArmorPlaces = hostPlaces(),
): Promise<Pick<SpecInput, 'defaultAppArmorProfile'>> {
  if (!parts.facts.appArmor) return {};
  const { appArmorProfile: asked, privileged } = request.spec.securityContext ?? {};
  if (asked?.type === 'Unconfined') return {};
  const loaded = await loadedProfiles(places.profiles);
  if (asked?.type === 'Localhost') {
    refuseMissing(request.name, asked.localhostProfile ?? '', loaded);
    return {};
  }
  if (asked === undefined && (privileged === true || request.spec.privileged === true)) return {};
  try {
    await ensureDefaultProfile(parts, places, loaded);
  } catch (error) {
    if (asked !== undefined || !(error instanceof EngineError)) throw error;
    parts.notice?.(request.name, `it runs without an AppArmor profile: ${error.message}`);
    return {};
  }
  return { defaultAppArmorProfile: DEFAULT_PROFILE };
}

function hostPlaces(): AppArmorPlaces {
  return { profiles: '/sys/kernel/security/apparmor/profiles', parser: findProgram('apparmor_parser') };
}

/** Each line is `name (mode)`. */
async function loadedProfiles(file: string): Promise<Set<string>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return new Set(text.split('\n').map((line) => line.replace(/ \([a-z]+\)$/, '')));
}

function refuseMissing(container: string, name: string, loaded: ReadonlySet<string>): void {
  // An empty name is refused with the spec.
  if (name === '' || loaded.has(name)) return;
  throw new EngineError(
    'HOST_UNSUITABLE',
    `build security of container ${container}: the AppArmor profile ${name} is not loaded`,
    { hint: `load it: apparmor_parser -r /etc/apparmor.d/${name}` },
  );
}

/** Loads it, or loads it anew when a version of tsctr with another text did. */
async function ensureDefaultProfile(
  { paths, runCommand }: ProfileParts,
  { parser }: AppArmorPlaces,
  loaded: ReadonlySet<string>,
): Promise<void> {
  const marker = path.join(paths.run, MARKER);
  const digest = createHash('sha256').update(DEFAULT_PROFILE_TEXT).digest('hex');
  if (loaded.has(DEFAULT_PROFILE) && (await readFile(marker, 'utf8').catch(() => '')) === digest) return;
  const operation = `load AppArmor profile ${DEFAULT_PROFILE}`;
  if (parser === null) {
    throw new EngineError('HOST_UNSUITABLE', `${operation}: apparmor_parser is not installed`, {
      hint: 'install it (Debian: apt-get install apparmor)',
    });
  }
  const result = await runCommand({
    file: parser,
    args: ['--replace', '--skip-cache'],
    input: DEFAULT_PROFILE_TEXT,
    timeoutMs: PARSER_TIMEOUT_MS,
  });
  if (result.exitCode !== 0) {
    throw new EngineError('HOST_UNSUITABLE', `${operation}: ${result.stderr.trim()}`);
  }
  await writeFile(marker, digest, { mode: 0o600 });
}
