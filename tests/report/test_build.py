"""What the build of the site takes out of a page, and what it leaves as written."""

from dtl.report.build import without_indent

PAGE = """<body>
    <p>one
       two</p>

    <pre><code>a:
  - b

  - c</code></pre>
    <textarea>
      kept</textarea>
  <script>
    const text = `x
      y`;
  </script>
</body>
"""


def test_indents_go_and_what_is_shown_as_written_stays() -> None:
    slim = without_indent(PAGE)
    assert slim.startswith("<body>\n<p>one\ntwo</p>\n<pre>")
    assert "\n    <" not in slim and "\n\n    <" not in slim
    for written in ("a:\n  - b\n\n  - c", "\n      kept", "\n    const text = `x\n      y`;\n  "):
        assert written in slim
    assert slim.split() == PAGE.split()
