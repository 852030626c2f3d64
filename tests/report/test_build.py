"""What the build of the site takes out of a page, and what it leaves as written."""

from dtl.report.build import with_breaks, without_indent

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


def test_names_in_tables_may_be_broken_after_an_underscore_and_stay_the_same_text() -> None:
    cell = "<td><code>hours_over_h</code> of <code>g_h</code></td>"
    rest = "<td>a_b</td><p><code>c_d</code></p><pre><code>e_f</code></pre>"
    told = with_breaks(cell + rest)
    assert told == "<td><code>hours_<wbr>over_<wbr>h</code> of <code>g_<wbr>h</code></td>" + rest
