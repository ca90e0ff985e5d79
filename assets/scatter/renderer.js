// Draws the points with WebGL2: one sprite a point, its symbol cut out by the fragment shader.

// The order in which shaders number them; keys of SYMBOL_PATHS in core/plots/style.py.
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star"];
const OPEN = 8;
const DIM = 16;

const VERTEX = `#version 300 es
in vec3 place;
in vec3 colour;
in float look;
uniform mat4 view;
uniform float size;
out vec3 ink;
flat out int kind;
flat out float px;
void main() {
  gl_Position = view * vec4(place, 1.0);
  ink = colour;
  kind = int(look + 0.5);
  px = size / max(gl_Position.w, 0.3) * (kind >= ${DIM} ? 0.8 : 1.0);
  gl_PointSize = px;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 ink;
flat in int kind;
flat in float px;
uniform vec3 ground;
uniform vec3 edge;
uniform bool solid;
out vec4 result;

float plus(vec2 p) {
  p = abs(p);
  return min(max(p.x - 0.3, p.y - 0.875), max(p.y - 0.3, p.x - 0.875));
}

float triangle(vec2 p) {
  return max(abs(p.x) * 0.873 - (p.y + 0.875) * 0.489, p.y - 0.6875);
}

// Quilez, 2D distance functions: a star of five.
float star(vec2 p) {
  const vec2 a = vec2(0.809016994, -0.587785252);
  const vec2 b = vec2(-a.x, a.y);
  p.x = abs(p.x);
  p -= 2.0 * max(dot(a, p), 0.0) * a;
  p -= 2.0 * max(dot(b, p), 0.0) * b;
  p.x = abs(p.x);
  p.y -= 0.98;
  vec2 ba = 0.45 * vec2(-a.y, a.x) - vec2(0.0, 1.0);
  float h = clamp(dot(p, ba) / dot(ba, ba), 0.0, 0.98);
  return length(p - ba * h) * sign(p.y * ba.x - p.x * ba.y);
}

// Distance to the symbol's outline, negative inside, in a box from -1 to 1 with y down.
float outline(vec2 p, int symbol) {
  switch (symbol) {
    case 0: return length(p) - 0.75;
    case 1: return max(abs(p.x), abs(p.y)) - 0.6875;
    case 2: return (abs(p.x) + abs(p.y) - 0.93) * 0.7071;
    case 3: return triangle(p);
    case 4: return triangle(vec2(p.x, -p.y));
    case 5: return plus(p);
    case 6: return plus(vec2(p.x + p.y, p.x - p.y) * 0.7071);
    default: return star(vec2(p.x, -p.y));
  }
}

void main() {
  float unit = 2.0 / px;
  float d = outline(gl_PointCoord * 2.0 - 1.0, kind & 7);
  bool dim = (kind & ${DIM}) != 0;
  if ((kind & ${OPEN}) != 0) {
    float line = max(1.5 * unit, 0.26);
    d = abs(d + line * 0.5) - line * 0.5;
  }
  float inside = clamp(0.5 - d / unit, 0.0, 1.0);
  if (inside < (solid ? 0.5 : 0.02)) discard;
  // Light colours stand out on white and dark ones on black by an edge, where there is room for one.
  float rim = (kind & ${OPEN}) != 0 ? 0.0 : clamp(1.5 + d / unit, 0.0, 1.0) * clamp((px - 6.0) / 4.0, 0.0, 0.8);
  vec3 shown = mix(ink, edge, rim);
  if (dim) shown = mix(ground, shown, 0.18);
  result = vec4(shown, solid ? 1.0 : inside * (dim ? 0.6 : 0.92));
}`;

function compile(gl) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  ["place", "colour", "look"].forEach((name, at) => gl.bindAttribLocation(program, at, name));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}

class Renderer {
  held = new Map(); // what stands in the buffers, given back to a context that was lost
  layers = []; // how many of `order` each layer holds, from below

  // Throws where the browser has no WebGL2.
  constructor(canvas, onRestored) {
    this.gl = canvas.getContext("webgl2", { antialias: false, alpha: false });
    if (!this.gl) throw new Error("This browser shows no WebGL2, which the map is drawn with; use a current browser.");
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.setUp();
      for (const [name, values] of this.held) this.put(name, values);
      onRestored();
    });
    this.setUp();
  }

  setUp() {
    const { gl } = this;
    this.program = compile(gl);
    gl.useProgram(this.program);
    this.uniforms = Object.fromEntries(
      ["view", "size", "ground", "edge", "solid"].map((name) => [name, gl.getUniformLocation(this.program, name)]),
    );
    this.buffers = {};
    const attributes = [["places", 3, gl.FLOAT, false], ["colours", 3, gl.UNSIGNED_BYTE, true], ["looks", 1, gl.UNSIGNED_BYTE, false]];
    attributes.forEach(([name, width, type, normalised], at) => {
      this.buffers[name] = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, width, type, normalised, 0, 0);
    });
    this.buffers.order = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.order);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
  }

  putOrder(layers) {
    this.layers = layers.map((layer) => layer.length);
    this.put("order", Uint32Array.from(layers.flat()));
  }

  // `places` (n, 3) floats, `colours` (n, 3) bytes, `looks` n bytes: symbol, OPEN, DIM; `order` what to draw.
  put(name, values) {
    const { gl } = this;
    this.held.set(name, values);
    const target = name === "order" ? gl.ELEMENT_ARRAY_BUFFER : gl.ARRAY_BUFFER;
    gl.bindBuffer(target, this.buffers[name]);
    gl.bufferData(target, values, gl.DYNAMIC_DRAW);
  }

  // `share` of each layer is drawn; layers are in random order.
  draw({ matrix, size, ground, edge, solid, share }) {
    const { gl, uniforms } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(ground[0] / 255, ground[1] / 255, ground[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    (solid ? gl.enable : gl.disable).call(gl, gl.DEPTH_TEST);
    (solid ? gl.disable : gl.enable).call(gl, gl.BLEND);
    gl.uniformMatrix4fv(uniforms.view, false, matrix);
    gl.uniform1f(uniforms.size, size);
    gl.uniform3fv(uniforms.ground, ground.map((value) => value / 255));
    gl.uniform3fv(uniforms.edge, edge.map((value) => value / 255));
    gl.uniform1i(uniforms.solid, solid ? 1 : 0);
    let first = 0;
    for (const length of this.layers) {
      if (length) gl.drawElements(gl.POINTS, Math.ceil(length * share), gl.UNSIGNED_INT, first * 4);
      first += length;
    }
  }
}
