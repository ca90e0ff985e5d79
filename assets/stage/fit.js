// Gives a picture its size on the screen: small ones grow by whole numbers, so that no pixel is drawn larger than
// another; large ones shrink to the window, of whose height they take a share.
function fitPicture(node, width, height, share) {
  const room = Math.min((window.innerWidth * 0.86) / width, (window.innerHeight * share) / height);
  const scale = room >= 1 ? Math.min(8, Math.floor(room)) : room;
  node.style.width = `${width * scale}px`;
  node.style.height = `${height * scale}px`;
  node.style.imageRendering = scale >= 1 ? "pixelated" : "auto";
}
