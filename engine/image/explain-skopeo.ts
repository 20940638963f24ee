import { EngineError } from '../engine-error.ts';
import type { EngineErrorCode } from '../engine-error.ts';

interface Explanation {
  pattern: RegExp;
  code: EngineErrorCode;
  reason: string;
  hint?: string;
}

/** What skopeo 1.9 to 1.18 say, in plain words; the first that matches is taken. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern:
      /manifest unknown|name unknown|manifest for .* not found|repository name not known|StatusCode: 404|status code 404|was deleted or has expired/i,
    code: 'IMAGE_NOT_FOUND',
    reason: 'the registry does not have it',
    hint: 'check name and tag',
  },
  {
    pattern: /unauthorized|authentication required|denied|status code 40[13]|invalid username\/password/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the registry refuses access: the credentials are missing or wrong, or the image does not exist',
    hint: 'log in with `skopeo login REGISTRY`, or name a file with credentials in the configuration',
  },
  {
    pattern: /toomanyrequests|too many requests|rate limit/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the registry allows no more requests for now',
    hint: 'log in for a higher limit, or try again later',
  },
  {
    pattern: /connection refused/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the registry does not accept connections (connection refused)',
  },
  {
    pattern: /no such host|server misbehaving|name resolution/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the host name of the registry is unknown',
    hint: 'check the name and the DNS of this host',
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the registry speaks HTTP, expected HTTPS',
    hint: 'list it under registries.insecure in the configuration if it is yours',
  },
  {
    pattern: /x509:|certificate|tls: /i,
    code: 'IMAGE_PULL_FAILED',
    reason: "the registry's certificate is not trusted",
    hint: 'add its authority to /etc/containers/certs.d, or list it under registries.insecure in the configuration',
  },
  {
    pattern:
      /i\/o timeout|context deadline exceeded|TLS handshake timeout|network is unreachable|no route to host/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the registry does not answer',
  },
  {
    pattern: /is rejected by policy|signature was required|no policy\.json|policy/i,
    code: 'IMAGE_PULL_FAILED',
    reason: 'the signature policy does not allow it',
    hint: 'see containers-policy.json(5)',
  },
  { pattern: /no space left on device/i, code: 'NO_SPACE', reason: 'no space is left on the device' },
  {
    pattern: /no image found in (?:image index|manifest list) for architecture/i,
    code: 'IMAGE_NOT_FOUND',
    reason: 'there is no image of it for this architecture',
  },
  {
    pattern: /no such file or directory/i,
    code: 'IMAGE_NOT_FOUND',
    reason: 'there is no such file or directory',
  },
  {
    pattern: /no descriptor found for reference|tag .* not found|file ".*" not found/i,
    code: 'IMAGE_NOT_FOUND',
    reason: 'the file or directory does not hold that image',
  },
  {
    pattern:
      /unexpected EOF|invalid tar header|gzip: invalid|does not match|invalid character|Digest did not match|choosing image/i,
    code: 'IMAGE_INVALID',
    reason: 'it is damaged, or not of the kind that was named',
  },
];

/** The error for a `skopeo copy` that failed. Its own words stay in the message, without the repetition of the reference. */
export function explainSkopeo(operation: string, stderr: string, exit: string): EngineError {
  const said = lastMessage(stderr);
  const found = EXPLANATIONS.find(({ pattern }) => pattern.test(said));
  if (found === undefined) {
    return new EngineError(
      'IMAGE_PULL_FAILED',
      `${operation}: skopeo ${exit}: ${said === '' ? 'it said nothing' : said}`,
    );
  }
  const options = { cause: new Error(said), ...(found.hint === undefined ? {} : { hint: found.hint }) };
  return new EngineError(found.code, `${operation}: ${found.reason}`, options);
}

/** skopeo logs as `time="…" level=fatal msg="…"`; the last such message is the reason. */
function lastMessage(stderr: string): string {
  const messages = [...stderr.matchAll(/level=(?:fatal|error) msg=("(?:[^"\\]|\\.)*")/g)];
  const last = messages.at(-1)?.[1];
  if (last === undefined) return stderr.trim();
  try {
    return JSON.parse(last) as string;
  } catch {
    return last;
  }
}
