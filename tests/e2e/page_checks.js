// Checks of a page that a person would make with the eyes and a finger.

// Text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3), except on controls that are disabled.
exports.checkContrast = async (page) => {
  const faint = await page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const parse = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour[3] === 255) return colour;
      }
      return [255, 255, 255];
    };
    const found = [];
    for (const node of document.querySelectorAll('body *')) {
      const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
      if (!own || !node.checkVisibility() || node.closest(':disabled') || node.matches('option, script, title')) continue;
      const [light, dark] = [luminance(parse(getComputedStyle(node).color)), luminance(behind(node))].sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      if (contrast < 4.5) found.push(`${contrast.toFixed(2)}: ${node.tagName} ${node.className} "${node.textContent.trim().slice(0, 30)}"`);
    }
    return found;
  });
  if (faint.length) throw new Error(`contrast: ${faint.join('; ')}`);
};

// On a phone the first switch is on the first screen, and a finger hits every control (44 px).
exports.checkPhone = async (page) => {
  const { small, top, height } = await page.evaluate(() => {
    const visible = [...document.querySelectorAll('button, input, select, summary')].filter((node) => node.checkVisibility());
    const area = (node) => (node.matches('[role=switch]') ? node.closest('label') : node);
    return {
      small: visible.filter((node) => area(node).getBoundingClientRect().height < 44).map((node) => `${node.tagName} ${node.id || node.textContent}`),
      top: document.querySelector('[role=switch]')?.getBoundingClientRect().bottom ?? 0,
      height: innerHeight,
    };
  });
  if (small.length) throw new Error(`too small for a finger: ${small.join(', ')}`);
  if (top > height) throw new Error(`the first switch is at ${top} px of ${height}`);
};

// Tab reaches all controls of the first screen, in the order in which they are read: row by row, and in each row from
// left to right.
exports.checkTabOrder = async (page) => {
  const controls = await page.evaluate(() => {
    scrollTo(0, 0);
    const all = [...document.querySelectorAll('button, input, select, summary, a[href], [tabindex="0"]')]
      .filter((node) => node.checkVisibility() && !node.disabled)
      .map((node) => ({ node, box: node.getBoundingClientRect() }))
      .filter(({ box }) => box.top < innerHeight)
      .sort((a, b) => a.box.top - b.box.top);
    let row = 0;
    let bottom = -Infinity;
    for (const control of all) {
      if (control.box.top >= bottom) row += 1;
      bottom = Math.max(bottom, control.box.bottom);
      control.row = row;
    }
    all.sort((a, b) => a.row - b.row || a.box.left - b.box.left || a.box.top - b.box.top);
    window.controlsInOrder = all.map(({ node }) => node);
    // Tab begins at the top.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    return window.controlsInOrder.map((node) => `${node.tagName} ${node.id || node.getAttribute('aria-label') || node.textContent}`);
  });
  if (controls.length < 3) throw new Error(`only ${controls.length} controls on the first screen: ${controls}`);
  for (const [i, control] of controls.entries()) {
    await page.keyboard.press('Tab');
    const reached = await page.evaluate(() => ({
      place: window.controlsInOrder.indexOf(document.activeElement), html: document.activeElement.outerHTML.slice(0, 120) }));
    if (reached.place !== i) throw new Error(`Tab ${i + 1} reaches ${reached.html}, not ${control}; the order is ${controls.join(', ')}`);
  }
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
};
