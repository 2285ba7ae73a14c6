import { forward } from "../../../../lib/proxy";

type Context = { params: Promise<{ path: string[] }> };

async function pass(request: Request, context: Context): Promise<Response> {
  return forward(request, (await context.params).path);
}

export { pass as DELETE, pass as GET, pass as PATCH, pass as POST, pass as PUT };
