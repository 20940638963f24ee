import type { CommandSpec, Invocation } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';
import { describePull, openProgress } from '../../output/progress.ts';

const POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;

export const pull: CommandSpec = {
  description:
    'Prints the id of each image. Signature policy, mirrors and credentials are those of containers/image.',
  arguments: [
    { name: '<reference...>', description: 'such as busybox:1.36 or docker://registry.example/app@sha256:…' },
  ],
  options: [
    {
      flags: '--policy <policy>',
      description:
        'ask the registry always, only when the image is not here, or never; Always unless said otherwise',
      choices: POLICIES,
    },
  ],
  outputs: ['json'],
  examples: ['tsctr image pull docker.io/library/busybox:1.36'],
  hosted: true,
  run: async (invocation) => {
    const pulled = [];
    for (const reference of invocation.args) pulled.push(await pullOne(invocation, reference));
    const { io, globals } = invocation;
    if (globals.output === 'json') io.out(formatJson(pulled));
    else for (const { id } of pulled) io.out(`${id}\n`);
    return EXIT.asWished;
  },
};

async function pullOne(
  invocation: Invocation,
  reference: string,
): Promise<{ reference: string; id: string }> {
  const { io, options, signal } = invocation;
  const policy = POLICIES.find((one) => one === options.text('policy')) ?? 'Always';
  const service = await invocation.service();
  const progress = openProgress(io, reference);
  try {
    return await service.images.pull(
      reference,
      policy,
      (state) => {
        progress.update(state.phase, describePull(state));
      },
      signal,
    );
  } finally {
    progress.clear();
  }
}
