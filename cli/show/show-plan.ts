import type { ApplyRequest } from '../api/service.ts';
import type { Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { painter } from '../output/colour.ts';
import { formatJson } from '../output/json.ts';
import { formatPlan, formatPlanSummary, wouldChange } from '../output/plan-text.ts';

/** Prints what applying would do, and touches nothing. Returns 4 when something would change, else 0. */
export async function showPlan(invocation: Invocation, request: ApplyRequest): Promise<number> {
  const { io, globals } = invocation;
  const service = await invocation.service();
  const plan = await service.plan(request);
  if (globals.output === 'json') {
    io.out(formatJson({ kind: 'Plan', changes: plan, wouldChange: wouldChange(plan) }));
  } else {
    io.out(formatPlan(plan, painter(globals.colour)));
    io.out(`${formatPlanSummary(plan)}\n`);
  }
  return wouldChange(plan) ? EXIT.wouldChange : EXIT.asWished;
}
