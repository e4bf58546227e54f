import subprocess
import sys

from models.labels import HEADS, LABEL_ZH


def test_every_label_has_one_chinese_name_of_its_own() -> None:
    for head, names in HEADS.items():
        assert len(set(names)) == len(names)
        assert set(LABEL_ZH[head]) == set(names)
        assert len(set(LABEL_ZH[head].values())) == len(names)


def test_light_modules_load_no_torch() -> None:
    code = (
        "import sys, models.labels, models.normalise, models.dummy, models.commands, models.serving, models.heads;"
        "sys.exit(bool({'torch', 'transformers', 'onnx', 'onnxruntime', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_imports_no_other_part_of_the_product() -> None:
    code = (
        "import pkgutil, importlib, sys, models;"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(models.__path__, 'models.')];"
        "sys.exit(bool({'config', 'streams', 'alerting', 'fengsheng'} & {m.split('.')[0] for m in sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
